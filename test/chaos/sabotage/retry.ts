// Preloaded into the server: what meets a slot half here and half there is not tried again.
import type * as Module from '../../../src/server/adapter/redis/client/redis-fault.ts';
import { builtModule } from './built-module.ts';

const { RedisFault } = await builtModule<typeof Module>('server/adapter/redis/client/redis-fault.ts');
const ofReply = RedisFault.ofReply.bind(RedisFault);
RedisFault.ofReply = (error) => {
  const fault = ofReply(error);
  return fault.word === 'TRYAGAIN' ? new RedisFault('refused', error.message, fault.word) : fault;
};
