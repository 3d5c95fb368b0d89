/**
 * A person in front of a browser, as far as a journey needs one. Fields, buttons and links are
 * found by the words that the person sees. A journey fails when a word is missing or occurs twice.
 */
export interface Visitor {
  /** Opens an address, as if typed into the address bar. */
  open(path: string): Promise<void>;
  /** Types into the field with this label, replacing its value. */
  fill(label: string, value: string): Promise<void>;
  /** Chooses an option of a radio group (by its legend) or of a list (by its label). */
  choose(label: string, option: string): Promise<void>;
  tick(label: string): Promise<void>;
  untick(label: string): Promise<void>;
  /** Presses a button that sends a form, and waits for the next page. */
  press(button: string): Promise<void>;
  /**
   * Sends a button's form `times` times at once, like an impatient person or a proxy that retries.
   * Stays on the page.
   */
  pressAtOnce(button: string, times: number): Promise<readonly Answer[]>;
  /** Follows the link with this text. */
  follow(link: string): Promise<void>;
  /** Downloads what the link with this text leads to, without leaving the page. */
  download(link: string): Promise<Download>;
  /** The browser's Back. */
  back(): Promise<void>;
  /** Opens another tab of the same browser, with the same cookies. */
  newTab(): Promise<Visitor>;

  /** Fails unless the text is on the page. */
  sees(text: string): Promise<void>;
  /** Fails when the text is on the page. */
  doesNotSee(text: string): Promise<void>;
  /** The visible text of the page, with single spaces. */
  text(): Promise<string>;
  heading(): Promise<string>;
  title(): Promise<string>;
  /** The `lang` of the page. */
  language(): Promise<string>;
  /**
   * The value of the field with this label. For a radio group, the label of the chosen option; for
   * a box, "on" or "".
   */
  fieldValue(label: string): Promise<string>;
  /** The message at the field with this label; undefined when there is none. */
  errorOf(label: string): Promise<string | undefined>;
  /** The labels of all fields, in the order of the page. */
  labels(): Promise<readonly string[]>;
  /** The path and query of the page. */
  path(): Promise<string>;
  /** The HTTP status of the page. */
  status(): Promise<number>;
  /** Ends the visit. Fails when the browser complained about anything. */
  leave(): Promise<void>;
}

/** An HTTP answer that was not followed. */
export interface Answer {
  readonly status: number;
  readonly location: string | undefined;
}

export interface Download {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Buffer;
}
