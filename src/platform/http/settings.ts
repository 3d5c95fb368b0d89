/** What the HTTP side needs to know about the installation. */
export interface HttpSettings {
  /** The public origin, e.g. `https://cabinet.example.kz`; undefined on a developer's machine. */
  readonly publicUrl: URL | undefined;
  /** Addresses or networks whose `X-Forwarded-*` headers are trusted. */
  readonly trustedProxies: readonly string[];
  /** Requests a minute from one address to this process. Loopback is exempt. */
  readonly floodPerMinute: number;
}
