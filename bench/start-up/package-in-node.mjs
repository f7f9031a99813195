// What an app for Node bundles to ask the package who a request is from; the Wasm stays a file beside it.

export { authenticateRequest } from '../../npm/node.js';
