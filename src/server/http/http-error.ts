import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { codeName, ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Log } from '../port/log.ts';

/** The HTTP status for a code; those that are not here are 500. */
const statuses: ReadonlyMap<ErrorCode, number> = new Map<ErrorCode, number>([
  [ErrorCode.INVALID_ARGUMENT, 400],
  [ErrorCode.UNAUTHENTICATED, 401],
  [ErrorCode.TOKEN_INVALID, 401],
  [ErrorCode.TOKEN_EXPIRED, 401],
  [ErrorCode.PERMISSION_DENIED, 403],
  [ErrorCode.KICKED, 403],
  [ErrorCode.ROOM_NOT_FOUND, 404],
  [ErrorCode.UNIMPLEMENTED, 404],
  [ErrorCode.RATE_LIMITED, 429],
  [ErrorCode.UNAVAILABLE, 503],
  [ErrorCode.DIRECTORY_UNAVAILABLE, 503],
  [ErrorCode.DEADLINE_EXCEEDED, 504],
]);

/** The codes of what fastify and its plugins refuse; for other statuses INVALID_ARGUMENT. */
const codes: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [401, ErrorCode.UNAUTHENTICATED],
  [403, ErrorCode.PERMISSION_DENIED],
  [404, ErrorCode.UNIMPLEMENTED],
]);

/** Answers everything that fails, and every path that is not there, with `{ error: { code, message, retryable } }`. */
export function addErrorReplies(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error, _request, reply) => replyWithError(log, error, reply));
  app.setNotFoundHandler((_request, reply) => {
    replyWithError(log, new SignalError(ErrorCode.UNIMPLEMENTED, 'there is nothing at this path'), reply);
  });
}

/** Answers with an error. One that is not the client's doing is logged, under the correlation id that the client gets. */
export function replyWithError(log: Log, thrown: unknown, reply: FastifyReply): void {
  if (isRefusal(thrown)) {
    const code = codes.get(thrown.statusCode) ?? ErrorCode.INVALID_ARGUMENT;
    send(reply, thrown.statusCode, new SignalError(code, thrown.message));
    return;
  }
  const error = SignalError.from(thrown);
  const status = statuses.get(error.code) ?? 500;
  if (status !== 500) {
    send(reply, status, error);
    return;
  }
  const correlationId = randomUUID();
  log.error('http.failed', error, { correlationId });
  send(reply, status, new SignalError(error.code, error.message, { correlationId }));
}

/** Answers what is no request of HTTP, or does not come whole in time, in the same form, and ends its connection. */
export function answerClientError({ code }: NodeJS.ErrnoException, socket: Socket): void {
  const [status, error] = clientErrors[code ?? ''] ?? [
    '400 Bad Request',
    new SignalError(ErrorCode.INVALID_ARGUMENT, 'this is no request of HTTP'),
  ];
  const body = JSON.stringify(bodyOf(error));
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  // To a client that does not get through TLS nothing can be sent: its socket would never end by itself.
  if (code !== 'ECONNRESET' && socket.writable) socket.write(`${head}\r\n\r\n${body}`);
  socket.destroy();
}

const clientErrors: Readonly<Record<string, readonly [status: string, error: SignalError]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    new SignalError(ErrorCode.DEADLINE_EXCEEDED, 'the request did not come whole in its time'),
  ],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    new SignalError(ErrorCode.INVALID_ARGUMENT, 'the headers of the request are too long'),
  ],
};

/** A request that fastify itself refuses: too long, of a wrong type, against a route's schema. */
function isRefusal(thrown: unknown): thrown is FastifyError & { readonly statusCode: number } {
  if (!(thrown instanceof Error && 'statusCode' in thrown && typeof thrown.statusCode === 'number'))
    return false;
  return thrown.statusCode >= 400 && thrown.statusCode < 500;
}

function send(reply: FastifyReply, status: number, error: SignalError): void {
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (error.retryAfterMs > 0) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1_000));
  reply.code(status).header('cache-control', 'no-store').send(bodyOf(error));
}

function bodyOf({ code, message, retryable, correlationId }: SignalError) {
  const named = correlationId === '' ? {} : { correlationId };
  return { error: { code: codeName(code), message, retryable, ...named } };
}
