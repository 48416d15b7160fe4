/** Makes the bookshop's files, which its views read, before a measured process asks for them. */
export async function stockTheBookshop() {
  const { stockTheShelves } = await import('../../examples/bookshop/stock.js');
  stockTheShelves();
}
