export default function SignIn() {
  return <h1>Sign in here</h1>;
}
