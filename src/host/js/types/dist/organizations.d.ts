// The exports of the module for `organizationSyncOptions`, as `src/host/js/organizations.rs` has them.

export * from './common.js';

export function make_organizations(bytes: number): number;
export function free_organizations(handle: number): void;
export function wanted_organization(handle: number, bytes: number): number;
