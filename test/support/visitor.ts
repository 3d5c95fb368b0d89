/**
 * A person in front of a browser, as far as a journey needs one. Fields, buttons and links are
 * found by the words that the person sees; a word that is not there, or stands there twice, fails
 * the journey.
 */
export interface Visitor {
  /** Asks for an address, as typed into the address bar. */
  open(path: string): Promise<void>;
  /** Types into the field with this label, instead of what was there. */
  fill(label: string, value: string): Promise<void>;
  /** Chooses an option of a radio group (by its legend) or of a list (by its label). */
  choose(label: string, option: string): Promise<void>;
  tick(label: string): Promise<void>;
  untick(label: string): Promise<void>;
  /** Presses a button that sends a form, and waits for the page that follows. */
  press(button: string): Promise<void>;
  /**
   * Sends the form of a button `times` times at once, as impatient fingers and retrying proxies do.
   * Stays on the page.
   */
  pressAtOnce(button: string, times: number): Promise<readonly Answer[]>;
  /** Follows the link with this text. */
  follow(link: string): Promise<void>;
  /** Fetches what the link with this text leads to, without leaving the page. */
  download(link: string): Promise<Download>;
  /** The browser's Back. */
  back(): Promise<void>;
  /** Another tab of the same browser: the same cookies. */
  newTab(): Promise<Visitor>;

  /** Fails unless the text stands on the page. */
  sees(text: string): Promise<void>;
  /** Fails when the text stands on the page. */
  doesNotSee(text: string): Promise<void>;
  /** The text of the page, spaces folded, without what is hidden. */
  text(): Promise<string>;
  heading(): Promise<string>;
  title(): Promise<string>;
  /** The `lang` of the page. */
  language(): Promise<string>;
  /**
   * What the field with this label holds; of a radio group, the chosen option's label; of a box,
   * "on" or "".
   */
  fieldValue(label: string): Promise<string>;
  /** The message beside the field with this label; undefined when there is none. */
  errorOf(label: string): Promise<string | undefined>;
  /** The labels of all fields, in the order of the page. */
  labels(): Promise<readonly string[]>;
  /** The path and query of the page. */
  path(): Promise<string>;
  /** The HTTP status of the page. */
  status(): Promise<number>;
  /** Ends the visit; fails when the browser had anything to complain of meanwhile. */
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
