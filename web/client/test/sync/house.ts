import { type Client, type ClientOptions, createClient, memoryDisk, type Schema } from '../../src/index.ts';
import { Server, schema } from './model.ts';
import { Clock, Device, type Draw, Network } from './world.ts';

export type Model = typeof schema extends Schema<infer C> ? C : never;
type Notes = Client<Model>;

/** A device with some tabs, and the model server. */
export class House {
  readonly clock = new Clock();
  readonly server = new Server();
  draw: Draw = () => 0.5;
  readonly network = new Network(this.clock, this.server, () => this.draw());
  readonly device = new Device('d', this.network);

  open(options: Partial<ClientOptions<Model>> = {}, of = this.device): { client: Notes; crash: () => void } {
    const { environment, crash } = of.tab();
    const storage = async () => memoryDisk(of.platter);
    const base = { endpoint: 'http://model/graphql', auth: 'key', schema, storage, environment };
    const client = createClient({ ...base, ...options });
    client.start();
    return { client, crash };
  }

  /** Lets time go on until something holds. */
  async until(holds: () => unknown): Promise<void> {
    for (let i = 0; !(await holds()); i++) {
      if (i > 3000) throw new Error(`it did not come to ${holds}`);
      await this.clock.step();
    }
  }

  live = (client: Notes) =>
    this.until(() => client.status.get().connection === 'live' && client.status.get().pending === 0);
}
