import type { Pdu } from 'smpp';

/** What the SMS centre says became of one message part. */
export interface Receipt {
  /** The id as the receipt writes it, which need not be as `submit_sm_resp` wrote it. */
  readonly gatewayId: string;
  /** A word of SMPP 3.4, appendix B, e.g. `DELIVRD`. */
  readonly state: string;
}

/** SMPP 3.4, 5.2.28, in the words of a receipt's text. */
const states = ['', 'ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN', 'REJECTD'];

const receiptBit = 0x04;
const longestId = 65;

/**
 * Reads a receipt from `deliver_sm` or `data_sm`: from the optional parameters or from the text, in
 * `short_message` or `message_payload`. Undefined for anything else that was delivered to us.
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
