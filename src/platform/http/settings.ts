/** What the HTTP side needs to know of where the service stands. */
export interface HttpSettings {
  /** The origin people see, e.g. `https://cabinet.example.kz`; undefined on a laptop. */
  readonly publicUrl: URL | undefined;
  /** Addresses or networks whose `X-Forwarded-*` headers count. */
  readonly trustedProxies: readonly string[];
  /** Requests a minute from one address to this process, loopback excepted. */
  readonly floodPerMinute: number;
}
