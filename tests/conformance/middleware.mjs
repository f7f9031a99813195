// The gate as middleware inside an application: it judges a request that the application then reads as it came.
export { classify, forwardedHeaders } from './adapter.mjs';
