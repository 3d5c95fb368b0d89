import type { Pdu } from 'smpp';

/** What the SMS centre reports about one message part. */
export interface Receipt {
  /** The id as the receipt writes it. `submit_sm_resp` may have written it in another way. */
  readonly gatewayId: string;
  /** A state of SMPP 3.4, appendix B, e.g. `DELIVRD`. */
  readonly state: string;
}

/** The states of SMPP 3.4, 5.2.28, by number, in the spelling of a receipt's text. */
const states = ['', 'ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN', 'REJECTD'];

const receiptBit = 0x04;
const longestId = 65;

/**
 * Reads a receipt from `deliver_sm` or `data_sm`: from the optional parameters, or from the text in
 * `short_message` or `message_payload`. Undefined for any other delivery.
 */
export function readReceipt(pdu: Pdu): Receipt | undefined {
  if (((pdu.esm_class ?? 0) & receiptBit) === 0) return undefined;
  const text = textOf(pdu.short_message) || textOf(pdu.message_payload);
  const given = pdu.receipted_message_id?.replaceAll('\0', '').trim();
  const gatewayId = given || /\bid:\s*(\S+)/i.exec(text)?.[1];
  const state = states[pdu.message_state ?? 0] || /\bstat:\s*([A-Z]{1,10})/i.exec(text)?.[1]?.toUpperCase();
  return gatewayId && state ? { gatewayId: gatewayId.slice(0, longestId), state } : undefined;
}

function textOf(field: Pdu['short_message'] | string | Buffer): string {
  if (field === undefined) return '';
  const content = typeof field === 'string' || Buffer.isBuffer(field) ? field : field.message;
  return typeof content === 'string' ? content : content.toString('latin1');
}
