import { expect, test } from 'vitest';
import { Form } from '../../../../gen/parley/options/v1/limits_pb.ts';
import { fitsForm, formName } from '../../../../src/server/frame/form.ts';

function fits(form: Form, text: string): boolean {
  const bytes = Buffer.from(`<${text}>`);
  return fitsForm(form, bytes, 1, bytes.length - 1);
}

test('an id is 1 to 128 of its characters', () => {
  expect(fits(Form.ID, 'a')).toBe(true);
  expect(fits(Form.ID, 'AZaz09._~-')).toBe(true);
  expect(fits(Form.ID, 'x'.repeat(128))).toBe(true);
  expect(fits(Form.ID, 'x'.repeat(129))).toBe(false);
});

test('of all bytes, those and only those that an id may have pass', () => {
  for (let byte = 0; byte < 256; byte++) {
    const wanted = byte < 128 && /[A-Za-z0-9._~-]/.test(String.fromCharCode(byte));
    expect(fitsForm(Form.ID, Uint8Array.of(byte), 0, 1)).toBe(wanted);
  }
});

const uuid = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a UUID has its hyphens and hexadecimal digits in lower case', () => {
  expect(fits(Form.UUID, uuid)).toBe(true);
  expect(fits(Form.UUID, uuid.slice(1))).toBe(false);
  expect(fits(Form.UUID, `${uuid}0`)).toBe(false);
  expect(fits(Form.UUID, uuid.toUpperCase())).toBe(false);
  expect(formName(Form.UUID)).toBe('a UUID of 36 characters in lower case');
});

test('a traceparent is of version 00 in lower case', () => {
  expect(fits(Form.TRACEPARENT, traceparent)).toBe(true);
  expect(fits(Form.TRACEPARENT, traceparent.toUpperCase())).toBe(false);
  expect(fits(Form.TRACEPARENT, `01${traceparent.slice(2)}`)).toBe(false);
  expect(fits(Form.TRACEPARENT, `${traceparent}-x`)).toBe(false);
});

test.for([
  [Form.UUID, uuid],
  [Form.TRACEPARENT, traceparent],
] as const)('form %i allows no other character at any place', ([form, text]) => {
  for (let at = 0; at < text.length; at++) {
    expect(fits(form, `${text.slice(0, at)}g${text.slice(at + 1)}`)).toBe(false);
  }
});
