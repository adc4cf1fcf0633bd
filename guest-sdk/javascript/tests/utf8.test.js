import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8, Utf8Decoder } from '../src/utf8.js';
import { forTests } from '../src/globals.js';

const { TextDecoder: Decoder, TextEncoder: Encoder } = forTests;

/** A sequence of bytes of every kind that UTF-8 knows, well-formed and not, from a seed. */
function* samples() {
  let state = 0x2545f491;
  const next = (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff];
  for (let round = 0; round < 20_000; round++) {
    yield Uint8Array.from({ length: next(12) }, () => (next(3) === 0 ? next(256) : edges[next(edges.length)]));
  }
}

test('bytes become the text that the standard says, whatever they are', () => {
  const standard = new TextDecoder();
  for (const bytes of samples()) {
    assert.equal(new Decoder().decode(bytes), standard.decode(bytes), Buffer.from(bytes).toString('hex'));
  }
});

test('bytes that are not UTF-8 are refused where that is asked for', () => {
  const standard = new TextDecoder('utf-8', { fatal: true });
  for (const bytes of samples()) {
    let expected;
    try {
      expected = standard.decode(bytes);
    } catch {
      assert.throws(() => new Decoder('utf-8', { fatal: true }).decode(bytes), TypeError);
      continue;
    }
    assert.equal(new Decoder('utf-8', { fatal: true }).decode(bytes), expected);
  }
});

test('pieces are decoded as the whole is', () => {
  for (const bytes of samples()) {
    const decoder = new Decoder();
    const standard = new TextDecoder();
    for (const byte of bytes) {
      const piece = Uint8Array.of(byte);
      assert.equal(decoder.decode(piece, { stream: true }), standard.decode(piece, { stream: true }));
    }
    assert.equal(decoder.decode(), standard.decode());
  }
});

test('text becomes the bytes that the standard says', () => {
  const texts = ['', 'a', 'grüße', '日本', '😀', '\ud800', 'a\udc00b', '\ud83d', '\ud83d\ud83d\ude00', '\ufeffx', '\u07ff\u0800\uffff\u{10ffff}'];
  for (const text of texts) {
    assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text), JSON.stringify(text));
    for (let length = 0; length < 8; length++) {
      const [ours, theirs] = [new Uint8Array(length), new Uint8Array(length)];
      const did = new Encoder().encodeInto(text.toWellFormed(), ours);
      assert.deepEqual(did, new TextEncoder().encodeInto(text, theirs), JSON.stringify(text));
      assert.deepEqual(ours, theirs);
    }
  }
});

test('a byte order mark is taken off unless it is asked for', () => {
  const bytes = encodeUtf8('\ufeffa\ufeff');
  assert.equal(new Decoder().decode(bytes), 'a\ufeff');
  assert.equal(new Decoder('utf8', { ignoreBOM: true }).decode(bytes), '\ufeffa\ufeff');
});

test('long text is decoded whole', () => {
  const text = 'x'.repeat(10_000) + 'ü😀'.repeat(10_000);
  assert.equal(new Utf8Decoder(true).decode(new TextEncoder().encode(text), true), text);
  assert.deepEqual(encodeUtf8(text), new TextEncoder().encode(text));
});

test('another encoding is refused by name', () => {
  assert.throws(() => new Decoder('latin1'), { message: /`latin1`.*UTF-8 alone/ });
});
