import type { CDPSession, Page } from 'playwright-core';

/** Chromium's authenticator in software, as a phone or laptop has one. */
export interface VirtualAuthenticator {
  /** Whether the person is recognised by the finger, face or PIN. */
  recognise(isPerson: boolean): Promise<void>;
  /** The passkeys that it has. */
  passkeys(): Promise<readonly { readonly signCount: number; readonly userHandle?: string }[]>;
  /** Gives every passkey this count of signatures, as a copy would have it. */
  setCounts(signCount: number): Promise<void>;
}

/** Adds an authenticator to a page's browser. It answers at once, as if touched. */
export async function addAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const all = async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  return {
    recognise: async (isUserVerified) => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    passkeys: all,
    async setCounts(signCount) {
      const credentials = await all();
      await session.send('WebAuthn.clearCredentials', { authenticatorId });
      for (const credential of credentials)
        await session.send('WebAuthn.addCredential', {
          authenticatorId,
          credential: { ...credential, signCount },
        });
    },
  };
}
