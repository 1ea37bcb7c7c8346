import { type NetworkCommand, networkCommandsOf } from './network-commands.ts';
import { type HostProperties, type InterfaceProperties, mtuOf, type RouteProperties, vlanOf } from './properties.ts';

interface Draft {
  readonly port: number;
  readonly vlan?: number;
  readonly addresses: string[];
  mac?: string;
  mtu?: number;
}

type Drafted = 'ip' | 'mac' | 'addresses' | 'mtu' | 'interfaces' | 'routes' | 'default_route' | 'forward';

/** The interfaces and routes of a host, as a file says it piece by piece. */
export class HostInterfaces {
  readonly #ports: readonly number[];
  readonly #note: (text: string) => void;
  /** By the names that the file has for them. */
  readonly #interfaces = new Map<string, Draft>();
  readonly #bonds = new Set<string>();
  readonly #routes = new Map<string, RouteProperties>();
  #defaultRoute: string | undefined;
  #forwards = false;

  /**
   * @param devices of its links: their names, and their ports
   * @param note takes what is left out or guessed
   */
  constructor(devices: ReadonlyMap<string, number>, note: (text: string) => void) {
    this.#note = note;
    for (const [name, port] of devices) this.#interfaces.set(name, { port, addresses: [] });
    this.#ports = [...devices.values()].sort((a, b) => a - b);
  }

  /** Undefined for a host without links. */
  get first(): string | undefined {
    return [...this.#interfaces].find(([, { port, vlan }]) => vlan === undefined && port === this.#ports[0])?.[0];
  }

  get hasAddresses(): boolean {
    return [...this.#interfaces.values()].some(({ addresses }) => addresses.length > 0);
  }

  /** Does what a line for a shell would do; what is not read is noted. */
  run(line: string): void {
    for (const command of networkCommandsOf(line)) {
      if (command === undefined)
        this.#note('a command that sets no address, route, MTU, VLAN or forwarding is left out');
      else this.apply(command);
    }
  }

  apply(command: NetworkCommand): void {
    switch (command.kind) {
      case 'address':
        this.#change(command.device, ({ addresses }) => {
          if (!addresses.includes(command.address)) addresses.push(command.address);
        });
        break;
      case 'mac':
        this.#change(command.device, (each) => {
          each.mac = command.mac;
        });
        break;
      case 'mtu': {
        const mtu = mtuOf(command.mtu);
        if (mtu === undefined) this.#note('mtu is left out where it is not 68 to 1500');
        else {
          this.#change(command.device, (each) => {
            each.mtu = mtu;
          });
        }
        break;
      }
      case 'vlan':
        this.#addVlan(command);
        break;
      case 'bond':
        this.#bonds.add(command.name);
        break;
      case 'member':
        this.#addMember(command.device, command.of);
        break;
      case 'route': {
        if (this.#routes.has(command.to)) this.#note('a second route to a subnet is left out');
        else this.#routes.set(command.to, { to: command.to, via: command.via });
        break;
      }
      case 'default route':
        this.#defaultRoute = command.via;
        break;
      case 'forward':
        this.#forwards = true;
        break;
      case 'bridge':
      case 'nothing':
        break;
    }
  }

  /** The first interface's addresses are those of its VLAN from now on: as VLANHost of Mininet's examples has it. */
  moveToVlan(id: unknown): void {
    const { first } = this;
    const vlan = vlanOf(id);
    const own = first === undefined ? undefined : this.#interfaces.get(first);
    if (vlan === undefined) this.#note('vlan is left out where it is not 1 to 4094');
    if (vlan === undefined || own === undefined) return;
    this.#interfaces.set(`${first}.${vlan}`, { port: own.port, vlan, addresses: own.addresses.splice(0) });
  }

  /** What the spec says of it. Without any address, and with `byRule`, the first interface has that of the spec's rule. */
  properties({ byRule = false } = {}): Pick<HostProperties, Drafted> {
    const all = [...this.#interfaces.values()].sort((a, b) => a.port - b.port || (a.vlan ?? 0) - (b.vlan ?? 0));
    const written = all.map(
      ({ port, vlan, addresses: [ip, ...addresses], mac, mtu }): InterfaceProperties => ({
        port,
        ...(vlan === undefined ? {} : { vlan }),
        ...(ip === undefined ? {} : { ip }),
        // A VLAN's is that of its link.
        ...(mac === undefined || vlan !== undefined ? {} : { mac }),
        ...(addresses.length === 0 ? {} : { addresses }),
        ...(mtu === undefined ? {} : { mtu }),
      }),
    );
    const [first, ...further] = written.filter((each) => Object.keys(each).length > 1);
    const isShort =
      further.length === 0 &&
      (first === undefined || (first.port === this.#ports[0] && first.vlan === undefined)) &&
      (first?.ip !== undefined || byRule);
    const { port: _, ...own } = first ?? { port: 0 };
    const interfaces = first === undefined ? [] : [first, ...further];
    return {
      ...(isShort || this.#ports.length === 0 ? own : { interfaces }),
      ...(this.#routes.size === 0 ? {} : { routes: [...this.#routes.values()] }),
      ...(this.#defaultRoute === undefined ? {} : { default_route: this.#defaultRoute }),
      ...(this.#forwards ? { forward: true } : {}),
    };
  }

  #addVlan({ device, name, id }: NetworkCommand & { readonly kind: 'vlan' }): void {
    const vlan = vlanOf(id);
    const link = this.#interfaces.get(device);
    if (vlan === undefined || link === undefined || link.vlan !== undefined) {
      this.#note('a VLAN that is not 1 to 4094, or not of the interface of a link, is left out');
    } else if (![...this.#interfaces.values()].some((each) => each.port === link.port && each.vlan === vlan)) {
      this.#interfaces.set(name, { port: link.port, vlan, addresses: [] });
    }
  }

  #addMember(device: string, bond: string): void {
    const member = this.#interfaces.get(device);
    if (!this.#bonds.has(bond) || member === undefined) {
      this.#note('a master of an interface that is not a bond is left out');
    } else if (!this.#interfaces.has(bond)) {
      this.#note('a bond of interfaces is the first of them here');
      this.#interfaces.delete(device);
      this.#interfaces.set(bond, member);
    }
  }

  #change(device: string, change: (each: Draft) => void): void {
    const each = this.#interfaces.get(device);
    if (each === undefined) this.#note('what is said of an interface without a link is left out');
    else change(each);
  }
}
