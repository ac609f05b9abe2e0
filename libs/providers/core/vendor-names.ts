// How vendors are called where people read it: on statements, in exports.

/** A vendor's public name, and what we buy of it. */
export interface VendorNames {
  readonly name: string;
  readonly service: string;
}

const OPENAI: VendorNames = { name: 'OpenAI', service: 'OpenAI Realtime API' };
const NAMES: Readonly<Record<string, VendorNames>> = {
  openai: OPENAI,
  azure: { name: 'Microsoft', service: 'Azure OpenAI Realtime API' },
};

/** By the provider of a price; without one, the vendor that all prices are of unless they say otherwise. */
export function vendorNamesOf(provider: string | null): VendorNames {
  return provider === null ? OPENAI : (NAMES[provider] ?? { name: provider, service: provider });
}
