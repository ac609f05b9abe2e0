// The columns of the live board: what is sorted, filtered and exported.
import type { BoardSession } from '../../api/types.js';
import type { MessageKey } from '../../i18n/language.js';
import type { CellValue } from '../../parts/csv.js';

/** A column by the field that it shows. */
export interface LiveColumn {
  readonly key: string;
  readonly label: MessageKey;
  readonly isNumber?: boolean;
}

/** All, from left to right. */
export const LIVE_COLUMNS: readonly LiveColumn[] = [
  { key: 'id', label: 'live.session' },
  { key: 'tenantName', label: 'column.tenant' },
  { key: 'key', label: 'column.app' },
  { key: 'model', label: 'column.model' },
  { key: 'transport', label: 'live.transport' },
  { key: 'openedAt', label: 'live.age', isNumber: true },
  { key: 'state', label: 'column.state' },
  { key: 'cost', label: 'live.cost', isNumber: true },
  { key: 'perMinute', label: 'live.rate', isNumber: true },
  { key: 'lastEventAt', label: 'live.last' },
  { key: 'moderation', label: 'live.moderation' },
];

/** What stands in a column. */
export function valueOf(session: BoardSession, key: string): CellValue {
  switch (key) {
    case 'id':
      return session.id;
    case 'tenantName':
      return session.tenantName;
    case 'key':
      return session.key ?? session.keyId;
    case 'model':
      return session.model;
    case 'transport':
      return session.transport;
    case 'openedAt':
      return session.openedAt;
    case 'state':
      return session.state;
    case 'cost':
      return session.cost;
    case 'perMinute':
      return session.perMinute;
    case 'lastEventAt':
      return session.lastEventAt;
    case 'moderation':
      return session.moderation;
    default:
      return null;
  }
}
