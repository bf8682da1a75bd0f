import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { afterClose, CloseCode } from '../../../src/shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../../src/shared/signal-error.ts';
import { repository } from './repository.ts';

const document = readFileSync(path.join(repository, 'docs/errors.md'), 'utf8');
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test('every error code is documented, with its number and whether it is retryable', () => {
  const documented = rows
    .filter((row) => /^[A-Z_]+$/.test(row[0] ?? ''))
    .map(([name, number, , retryable]) => ({ name, number: Number(number), retryable }));
  const existing = Object.entries(ErrorCode).map(([name, number]) => {
    const { retryable } = new SignalError(number, '');
    return { name, number, retryable: retryable ? 'yes' : 'no' };
  });
  expect(documented).toEqual(existing);
});

test('every close code is documented, with its name and what the client does', () => {
  const documented = rows
    .filter((row) => /^\d{4}$/.test(row[0] ?? ''))
    .map(([code, name, , client]) => ({ code: Number(code), name, client }));
  const existing = Object.entries(CloseCode).map(([name, code]) => ({
    code,
    name,
    client: afterClose(code),
  }));
  expect(documented).toEqual(existing);
});

test('the standard close codes after which a client stays away are those that the document names', () => {
  const [, named] = /RFC 6455, section 7\.4\.1\), ([\d, and]+) mean/.exec(document) ?? [];
  const standard = Array.from({ length: 16 }, (_, index) => 1000 + index);
  expect(named?.match(/\d+/g)?.map(Number)).toEqual(standard.filter((code) => afterClose(code) === 'stop'));
});

test('every row says what the code means and how to solve it', () => {
  const codes = rows.filter((row) => /^([A-Z_]+|\d{4})$/.test(row[0] ?? ''));
  for (const row of codes) {
    expect(row, row[0]).toHaveLength(5);
    expect(
      row.every((cell) => cell !== ''),
      row[0],
    ).toBe(true);
  }
});
