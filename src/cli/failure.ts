/** Something the person at the terminal can mend; told without a stack. */
export class CommandFailure extends Error {}
