/** Names that an object shows, by whether they are methods. */
export function membersOf(made: object): { properties: string[]; methods: string[] } {
  const found = { properties: new Set<string>(), methods: new Set<string>() };
  for (let at: object = made; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (name !== 'constructor') found[typeof value === 'function' ? 'methods' : 'properties'].add(name);
    }
  }
  return { properties: [...found.properties].sort(), methods: [...found.methods].sort() };
}
