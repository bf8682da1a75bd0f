import {
  type JoinTokenRequest,
  type SessionTokenRequest,
  TokenIssuer,
} from '../../src/process/token-issuer.ts';
import { recordDatum } from './run-record.ts';

/** Issues tokens, and keeps them and whose they are: none of it may stand in a log. */
export class RecordingIssuer extends TokenIssuer {
  override async sessionToken(request: SessionTokenRequest): Promise<string> {
    return recorded(await super.sessionToken(request), request.userId);
  }

  override async joinToken(request: JoinTokenRequest): Promise<string> {
    return recorded(await super.joinToken(request), request.userId);
  }
}

function recorded(token: string, userId: string | undefined): string {
  recordDatum({ kind: 'token', value: token });
  if (userId !== undefined) recordDatum({ kind: 'user id', value: userId });
  return token;
}
