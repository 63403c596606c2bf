/** A command for operators: one file of this folder, found by its place. */

export interface Command {
  readonly name: string;
  /** One line for the list of all commands. */
  readonly summary: string;
  /** How it is called, and its options, as `--help` prints it. */
  readonly usage: string;
  /** Gives the exit code: 0 where all is well. Throws a `UsageError` for arguments that it can't take. */
  run(args: string[]): Promise<number>;
}

/** Says that the value is a command, where its file is. */
export function defineCommand(command: Command): Command {
  return command;
}

/** What was asked makes no sense: the command's usage is printed beside it. */
export class UsageError extends Error {
  override name = "UsageError";
}
