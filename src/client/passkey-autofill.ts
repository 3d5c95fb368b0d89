// Offers the passkeys of this browser in the list under the field of the IIN. Everything that this
// needs is loaded when the person turns to the field, so that the start page stays light.

const field = document.querySelector<HTMLInputElement>('#iin');
// A passkey is bound to a name, and an address of digits is none.
if (field && !/^[\d.]+$|:/.test(location.hostname)) {
  if (field === document.activeElement) void offer(field);
  else field.addEventListener('focus', () => void offer(field), { once: true });
}

async function offer({ form }: HTMLInputElement): Promise<void> {
  const token = form?.elements.namedItem('csrf') as HTMLInputElement;
  if (!(await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
  await (await import('./passkey/ceremony.ts')).offerInField(token.value);
}
