// Judges webhooks with the library of Standard Webhooks, and security event tokens with jose. A JSON array of cases comes on
// standard input; an array of answers goes out: {"ok": what was read}, or {"refused": why}.

import { createLocalJWKSet, jwtVerify } from 'jose';
import { Webhook } from 'standardwebhooks';

const judges = {
  webhook({ secret, headers, body, now }) {
    // The library asks this clock alone.
    Date.now = () => now * 1000;
    return new Webhook(secret).verify(body, headers);
  },
  async token({ token, keys, issuer, audience, now }) {
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys), {
      algorithms: ['ES256'],
      audience,
      currentDate: new Date(now * 1000),
      issuer,
      maxTokenAge: '1 day',
      requiredClaims: ['iat', 'jti', 'sub_id', 'events'],
      typ: 'secevent+jwt',
    });
    return { claims: payload, header: protectedHeader };
  },
};

let text = '';
for await (const chunk of process.stdin) text += chunk;
const answers = [];
for (const { judge, ...given } of JSON.parse(text)) {
  try {
    answers.push({ ok: await judges[judge](given) });
  } catch (error) {
    answers.push({ refused: `${error.code ?? error.name}: ${error.message}` });
  }
}
process.stdout.write(JSON.stringify(answers));
