import { headers } from 'next/headers';

export default async function Dashboard() {
  const told = await headers();
  return <h1>Hello {told.get('x-portcullis-user-id')}</h1>;
}
