// Client of the Frappe Orchestrator API: types that script/clients makes from the OpenAPI document of a site, and a thin
// layer for the API key, retries, errors and paging.
export { Client, type CallOptions, type ClientOptions } from "./client.js";
export * as errors from "./errors.js";
export type { components, operations, paths } from "./generated/schema.js";
export type { BodyOf, MethodName, QueryOf, ReplyOf, UploadForm } from "./operations.js";
export type { Parameters, Reply } from "./paging.js";
export { DEFAULT_POLICY, type RetryPolicy } from "./retries.js";
