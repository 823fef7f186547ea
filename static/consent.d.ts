/**
 * Types of what the embed script puts into a page: `window.consent` and the event `consent:change`.
 *
 * Keep a copy beside your code, and name it in `files` or `include` of `tsconfig.json`, or with
 * `/// <reference path="consent.d.ts" />`.
 */
declare namespace Samtykke {
  /** Purpose → whether it is granted. What is `necessary` always is. */
  interface Purposes {
    readonly necessary: true;
    readonly [purpose: string]: boolean;
  }

  /** Key of a service in the site file → whether it is granted, by itself or with its purpose. */
  interface Services {
    readonly [service: string]: boolean;
  }

  /** What stands now. A snapshot: ask again, or listen, to hear of a change. */
  interface State {
    /** Whether a choice is in force. Before one, nothing but `necessary` is granted. */
    readonly decided: boolean;
    /** The number of the version that the choice was made against, if there is one. */
    readonly version: number | undefined;
    readonly purposes: Purposes;
    readonly services: Services;
  }

  interface Consent {
    /** Opens the settings. What they say of each purpose comes in when it has been fetched. */
    open(): void;

    /** What stands now. */
    get(): State;

    /**
     * Decides, as the visitor asked for with a control of the page's own. It is recorded like any other choice.
     *
     * @param purposes - those to change; one that is not named stays as it is
     * @param services - single services, where they are to differ from their purpose
     *
     * @example
     * ```ts
     * window.consent?.set({ analytics: true }, { youtube: true });
     * ```
     */
    set(purposes: { [purpose: string]: boolean }, services?: { [service: string]: boolean }): Promise<void>;

    /**
     * Calls `listener` after each choice, and once at a page view with a choice in force. The event
     * `consent:change` on `document` comes with it, and can be listened for before this script is there.
     */
    on(name: "change", listener: (state: State) => void): void;

    /** Refuses everything. */
    withdraw(): void;

    /** What stands, once the choice in the cookie has been applied to the page. */
    readonly ready: Promise<State>;
  }
}

interface Window {
  /** Missing until the embed script has run, which is usually loaded with `async`. */
  readonly consent?: Samtykke.Consent;
}

interface DocumentEventMap {
  /** After each choice, and once at a page view with a choice in force; `detail` is what `get()` returns. */
  "consent:change": CustomEvent<Samtykke.State>;
}
