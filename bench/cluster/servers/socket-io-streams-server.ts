import { createAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { serveSignaling } from './signaling.ts';

const [redisUrl = ''] = process.argv.slice(2);

serveSignaling({ adapter: createAdapter(new Redis(redisUrl)), connectionStateRecovery: {} });
