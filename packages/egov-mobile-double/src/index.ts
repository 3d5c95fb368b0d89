// biome-ignore-all lint/performance/noBarrelFile: the entry of a published package
/** Behaves as the eGov Mobile app towards a service that asks for signatures. */
export { type BackOptions, type BackPage, type BackPressed, openBackUrl } from './back.ts';
export { type DocumentsToSign, type DocumentToSign, readDocuments, type SignMethod } from './documents.ts';
export { type KeyKind, keyKindOf, MODE_NAMES, MODES, type Mode } from './modes.ts';
export { type PhoneCall, type PhoneOptions, type PhoneRun, playPhone, type Shown } from './phone.ts';
export { AppRefusal, type AppRefusalReason } from './refusal.ts';
export { readRequest, type SigningRequest } from './request.ts';
export { readScanned, type ScanRules } from './scanned.ts';
