/** An error that the person at the terminal can correct; shown without a stack. */
export class CommandFailure extends Error {}
