export {
  addressOfR, addressOfScalarG, addressOfScalarQ, addressOfX, addressOfY, buildTable, isOnCurve, tableAddress,
  verifyFixed, verifyInput,
} from './curve';
export * from './streebog';
export { addressOfNumber, invertNumber } from './inverse';
