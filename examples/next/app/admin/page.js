// Prerendered while building: only the gate stands before it.
export default function Admin() {
  return <h1>For admins</h1>;
}
