/** The part of `smpp` 0.5.1 that is used here; the package has no types of its own. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server as NetServer, Socket } from 'node:net';
  import type { SecureContextOptions } from 'node:tls';

  /** A protocol data unit: the header and the fields of its command. */
  export interface Pdu {
    readonly command: string;
    readonly command_status: number;
    readonly sequence_number: number;
    readonly system_id?: string;
    readonly password?: string;
    readonly message_id?: string;
    readonly source_addr?: string;
    readonly source_addr_ton?: number;
    readonly destination_addr?: string;
    readonly esm_class?: number;
    readonly data_coding?: number;
    readonly validity_period?: string | Date;
    readonly registered_delivery?: number;
    readonly user_message_reference?: number;
    readonly receipted_message_id?: string;
    readonly message_state?: number;
    /** Present on receipt; `udh` is the list of its elements. */
    readonly short_message?: { readonly message: string | Buffer; readonly udh?: readonly Buffer[] };
    /** Used by `data_sm`, or in place of a long `short_message`; decoded in the same way. */
    readonly message_payload?: { readonly message: string | Buffer } | string | Buffer;
    response(fields?: Readonly<Record<string, unknown>>): Pdu;
    isResponse(): boolean;
  }

  type Fields = Readonly<Record<string, unknown>>;
  type OnResponse = (answer: Pdu) => void;

  /** One connection. Each command is a method, which returns false when the socket is closed. */
  export interface Session extends EventEmitter {
    readonly socket: Socket;
    /** `onSent` is called when the PDU has been handed to the socket. */
    send(pdu: Pdu, onResponse?: OnResponse, onSent?: () => void): boolean;
    generic_nack(fields: Fields): boolean;
    data_sm(fields: Fields, onResponse?: OnResponse): boolean;
    bind_transceiver(fields: Fields, onResponse: OnResponse): boolean;
    submit_sm(fields: Fields, onResponse: OnResponse): boolean;
    deliver_sm(fields: Fields, onResponse?: OnResponse): boolean;
    enquire_link(onResponse: OnResponse): boolean;
    unbind(onResponse: OnResponse): boolean;
    close(onClosed?: () => void): void;
    destroy(): void;
  }

  interface ConnectOptions extends SecureContextOptions {
    readonly host: string;
    readonly port: number;
    readonly tls?: boolean;
    readonly servername?: string;
  }

  const smpp: {
    connect(options: ConnectOptions): Session;
    createServer(
      options: { readonly key?: string; readonly cert?: string },
      onSession: (session: Session) => void,
    ): NetServer;
  };
  // biome-ignore lint/style/noDefaultExport: this is how a CommonJS package arrives
  export default smpp;
}
