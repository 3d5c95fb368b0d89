export * from './curve';
export * from './streebog';
