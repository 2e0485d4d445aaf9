// Asks a server through the vendor's SDK, unmodified, and prints a line of JSON for
// each call. Arguments: the SDK's file, the base address, a token, and the paths of
// the match's image and video, a stranger's video, an image without a face, a
// video of two people, and a passport's page.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { File } from 'node:buffer';

const [sdk, base, token, image, video, stranger, nobody, two, passport] = process.argv.slice(2);
const { BiometrySDK } = await import(pathToFileURL(sdk).href);
BiometrySDK.BASE_URL = base;

const file = (path, type) => new File([readFileSync(path)], basename(path), { type });
const jpeg = file(image, 'image/jpeg');
const mp4 = file(video, 'video/mp4');
const good = new BiometrySDK(token);

async function call(name, does) {
  try {
    const { body, headers } = await does();
    console.log(JSON.stringify({ name, body, id: headers['x-request-id'] }));
    return body;
  } catch (error) {
    console.log(JSON.stringify({ name, error: error.message, cause: error.cause?.code }));
  }
}

await call('match', () => good.matchFaces(jpeg, mp4, 'José Núñez'));
await call('non-match', () => good.matchFaces(jpeg, file(stranger, 'video/mp4')));
await call('no face', () => good.matchFaces(file(nobody, 'image/jpeg'), mp4));
await call('two faces', () => good.matchFaces(jpeg, file(two, 'video/mp4')));
await call('document', () => good.checkDocAuth(file(passport, 'image/jpeg'), 'Anna Maria Eriksson', { mrzValidation: true }));
await call('document of another', () => good.checkDocAuth(file(passport, 'image/jpeg'), 'José Núñez'));
await call('no document', () => good.checkDocAuth(file(video, 'video/mp4'), 'José Núñez'));
await call('bad token', () => new BiometrySDK('wrong').matchFaces(jpeg, mp4));
await call('missing part', () => good.request('/api-gateway/match-faces', 'POST', (() => {
  const form = new FormData();
  form.append('image', jpeg);
  return form;
})()));
await call('over 50 MB', () => good.matchFaces(jpeg, new File([new Uint8Array((50 << 20) + 1)], 'long.mp4', { type: 'video/mp4' })));

await call('prefilled without a session', () => good.request('/api-gateway/match-faces', 'POST', (() => {
  const form = new FormData();
  form.append('image', jpeg);
  return form;
})(), { 'X-Use-Prefilled-Video': 'true' }));
const { data: sessionId } = await call('start', () => good.startSession());
await call('consent', () => good.giveAuthorizationConsent(true, 'Ann Other', { sessionId }));
await call('prefilled without a video', () => good.matchFaces(jpeg, undefined, undefined, true, { sessionId }));
await call('process', () => good.processVideo(mp4, 'one two three', 'Ann Other', { sessionId }));
await call('prefilled', () => good.matchFaces(jpeg, undefined, 'Ann Other', true, { sessionId }));
await call('end', () => good.endSession(sessionId));
await call('prefilled after the end', () => good.matchFaces(jpeg, undefined, undefined, true, { sessionId }));
