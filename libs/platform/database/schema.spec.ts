import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { Prisma } from './index.js';

interface Readable {
  findFirst(): Promise<unknown>;
}
const isReadable = (value: unknown): value is Readable =>
  typeof value === 'object' && value !== null && 'findFirst' in value;

// Migrations are written by hand, the schema files describe what they make: this is what notices when the two part.
describe('the schema files', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  }, 60_000);
  afterAll(() => postgres.stop());

  it.each(Object.values(Prisma.ModelName))('describe the table of %s as the migrations make it', async (model) => {
    const delegate: unknown = Reflect.get(postgres.db, model.charAt(0).toLowerCase() + model.slice(1));
    if (!isReadable(delegate)) throw new Error(`the client has no ${model}`);
    await expect(delegate.findFirst()).resolves.toBeDefined();
  });
});
