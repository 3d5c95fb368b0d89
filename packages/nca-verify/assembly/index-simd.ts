export * from './index';
export { verifyFixedPaired, verifyInputPaired } from './curve-pairs';
