import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { memoRow } from '../memo-row.js';
import { queryOf, setQuery } from '../router.js';
import { useRowWindow } from '../row-window.js';

export interface Column<Row> {
  readonly name: string;
  readonly label: string;
  readonly title?: string;
  /** Right-aligned, in tabular figures. */
  readonly number?: boolean;
  /** What it is sorted by; a column without is not sortable. Numbers sort from high to low first, text from A to Z. */
  readonly value?: (row: Row) => number | string;
  readonly cell: (row: Row) => ComponentChildren;
}

/** As many rows as are listed before somebody asks for more. */
const STEP = 50;

/** A table that scrolls in its own box on a narrow screen. The sort order is in the address. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
  sorted,
  rowClass,
}: {
  readonly label: string;
  /** The same array at every drawing, or every row is drawn anew. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** The name of the column that sorts when the address says nothing; null for rows that come in their order. */
  readonly sorted: string | null;
  readonly rowClass?: (row: Row) => string;
}) {
  const limit = useSignal(STEP);
  const { ref, from, to, beforePx, afterPx } = useRowWindow<HTMLTableSectionElement>(
    Math.min(limit.value, rows.length),
  );
  const asked = sorted === null ? '' : queryOf('sort') || sorted;
  const upwards = queryOf('order') === 'up';
  const column = columns.find((each) => each.name === asked);
  const shown = column?.value === undefined ? rows : sortRows(rows, column.value, upwards);
  return (
    <>
      <div class="scroll" role="region" aria-label={`${label}, a table`} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((each) => (
                <Heading
                  key={each.name}
                  column={each}
                  sorts={sorted !== null}
                  active={each === column}
                  upwards={upwards}
                />
              ))}
            </tr>
          </thead>
          <Room heightPx={beforePx} />
          <tbody ref={ref}>
            {shown.slice(from, to).map((row) => (
              <Line key={keyOf(row)} row={row} columns={columns as readonly Column<unknown>[]} look={rowClass?.(row)} />
            ))}
          </tbody>
          <Room heightPx={afterPx} />
        </table>
      </div>
      {shown.length > limit.value && (
        <button type="button" class="button more" onClick={() => (limit.value += STEP)}>
          Show {Math.min(STEP, shown.length - limit.value)} more of {shown.length - limit.value}
        </button>
      )}
    </>
  );
}

/** Stands for the rows that are not drawn. */
function Room({ heightPx }: { readonly heightPx: number }) {
  if (heightPx === 0) return null;
  return (
    <tbody aria-hidden="true">
      <tr style={{ height: `${heightPx}px` }} />
    </tbody>
  );
}

const Line = memoRow(
  'tr',
  function TableLine({
    row,
    columns,
    look,
  }: {
    readonly row: unknown;
    readonly columns: readonly Column<unknown>[];
    readonly look: string | undefined;
  }) {
    return (
      <tr class={look}>
        {columns.map((each, index) =>
          index === 0 ? (
            <th scope="row" key={each.name}>
              {each.cell(row)}
            </th>
          ) : (
            <td key={each.name} class={each.number === true ? 'number' : undefined}>
              {each.cell(row)}
            </td>
          ),
        )}
      </tr>
    );
  },
);

function sortRows<Row>(rows: readonly Row[], value: (row: Row) => number | string, upwards: boolean): readonly Row[] {
  const direction = upwards ? -1 : 1;
  return [...rows].sort((a, b) => {
    const x = value(a);
    const y = value(b);
    const order = typeof x === 'number' && typeof y === 'number' ? y - x : String(x).localeCompare(String(y));
    return order * direction;
  });
}

function Heading<Row>({
  column,
  sorts,
  active,
  upwards,
}: {
  readonly column: Column<Row>;
  readonly sorts: boolean;
  readonly active: boolean;
  readonly upwards: boolean;
}) {
  const look = column.number === true ? 'number' : undefined;
  if (!sorts || column.value === undefined) {
    return (
      <th scope="col" class={look} title={column.title}>
        {column.label}
      </th>
    );
  }
  const falls = column.number === true ? !upwards : upwards;
  return (
    <th scope="col" class={look} aria-sort={active ? (falls ? 'descending' : 'ascending') : undefined}>
      <button
        type="button"
        title={column.title}
        onClick={() => setQuery({ sort: column.name, order: active && !upwards ? 'up' : '' })}
      >
        {column.label}
        <span class="arrow" aria-hidden="true">
          {active ? (falls ? '↓' : '↑') : ''}
        </span>
      </button>
    </th>
  );
}
