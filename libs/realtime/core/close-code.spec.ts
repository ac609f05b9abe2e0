import fc from 'fast-check';
import {
  CLOSE_REASON_BYTES_MAX,
  NO_STATUS,
  closePayload,
  isSendableCloseCode,
  readClosePayload,
} from './close-code.js';

describe('close codes', () => {
  it('may be sent exactly when RFC 6455 and its registry allow it', () => {
    const sendable = Array.from({ length: 65_536 }, (_, code) => code).filter(isSendableCloseCode);
    const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    expect(sendable.filter((code) => code < 3000)).toEqual(registered);
    expect(sendable.filter((code) => code >= 3000)).toEqual(Array.from({ length: 2000 }, (_, i) => 3000 + i));
    expect([1000.5, -1, NaN, Infinity].some(isSendableCloseCode)).toBe(false);
  });

  it('are read back as they were written, with any reason that fits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3000, max: 4999 }), fc.string({ unit: 'binary' }), (code, reason) => {
        const payload = closePayload(code, reason);
        const read = readClosePayload(payload);
        expect(read?.code).toBe(code);
        expect(reason.startsWith(read?.reason ?? '?')).toBe(true);
        expect(payload.length).toBeLessThanOrEqual(CLOSE_REASON_BYTES_MAX + 2);
        if (Buffer.byteLength(reason) <= CLOSE_REASON_BYTES_MAX) expect(read?.reason).toBe(reason);
      }),
    );
  });

  it('that no frame may carry are refused in both directions', () => {
    for (const code of [999, 1004, 1005, 1006, 1015, 2999, 5000]) {
      const payload = Buffer.alloc(2);
      payload.writeUInt16BE(code);
      expect(readClosePayload(payload)).toBeNull();
      if (code !== NO_STATUS) expect(() => closePayload(code, '')).toThrow(RangeError);
    }
  });

  it('of a malformed close frame are refused: one byte, or a reason that is not UTF-8', () => {
    expect(readClosePayload(Buffer.from([3]))).toBeNull();
    expect(readClosePayload(Buffer.from([3, 232, 0xff]))).toBeNull();
  });

  it('are absent from an empty close frame', () => {
    expect(readClosePayload(Buffer.alloc(0))).toEqual({ code: NO_STATUS, reason: '' });
    expect(closePayload(NO_STATUS, 'not sent')).toHaveLength(0);
  });
});
