// Where the authorization server keeps what it issued: a map, emptied between tests.

const kept = new Map();
const keyOf = (kind, id) => `${kind}:${id}`;

export const forgetEverything = () => kept.clear();
export const keepClient = (metadata) => kept.set(keyOf('Client', metadata.client_id), { payload: metadata });
export const changeClient = ({ client_id, ...metadata }) => {
  Object.assign(kept.get(keyOf('Client', client_id)).payload, metadata);
};

export class Memory {
  constructor(kind) { this.kind = kind; }

  async upsert(id, payload, expiresIn) {
    const until = expiresIn ? Date.now() + expiresIn * 1000 : undefined;
    kept.set(keyOf(this.kind, id), { payload, until });
  }

  async find(id) {
    const found = kept.get(keyOf(this.kind, id));
    return found && !(found.until <= Date.now()) ? found.payload : undefined;
  }

  async findByUid(uid) { return this.findBy((payload) => payload.uid === uid); }

  async findByUserCode(code) { return this.findBy((payload) => payload.userCode === code); }

  async consume(id) {
    kept.get(keyOf(this.kind, id)).payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) { kept.delete(keyOf(this.kind, id)); }

  async revokeByGrantId(grantId) {
    for (const [key, { payload }] of kept) if (payload.grantId === grantId) kept.delete(key);
  }

  findBy(matches) {
    for (const [key, { payload }] of kept) {
      if (key.startsWith(`${this.kind}:`) && matches(payload)) return payload;
    }
    return undefined;
  }
}
