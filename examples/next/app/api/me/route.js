export async function GET(request) {
  return Response.json({ userId: request.headers.get('x-portcullis-user-id'), told: Object.fromEntries(request.headers) });
}
