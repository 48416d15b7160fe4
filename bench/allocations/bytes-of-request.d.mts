export function bytesOfRequest(program: string, variant: string): Promise<number>;
