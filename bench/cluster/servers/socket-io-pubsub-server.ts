import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { serveSignaling } from './signaling.ts';

const [redisUrl = ''] = process.argv.slice(2);

const redis = new Redis(redisUrl);
serveSignaling({ adapter: createShardedAdapter(redis, redis.duplicate()) });
