/** The way into the VPC: one synchronous call of relay-request, whose every end is a result. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { relayResultSchema, type RelayRequest, type RelayResult } from '../common/http/relayed.ts';
import { hasName, messageOf } from '../common/lambda/errors.ts';

export interface RelayCallDeps {
  readonly lambda: LambdaClient;
  readonly functionName: string;
}

/** Refusals of Lambda before it runs anything. After any other failure nobody knows whether the request reached Milvus. */
const NOT_RUN = ['TooManyRequestsException', 'EC2ThrottledException', 'ENILimitReachedException'];

export async function callRelay({ lambda, functionName }: RelayCallDeps, request: RelayRequest): Promise<RelayResult> {
  try {
    const { Payload, FunctionError } = await lambda.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) }),
    );
    const text = Buffer.from(Payload ?? []).toString('utf8');
    if (FunctionError !== undefined) return { kind: 'broken', reason: `the relay failed: ${text.slice(0, 200)}` };
    return relayResultSchema.parse(JSON.parse(text));
  } catch (error) {
    const kind = hasName(error, ...NOT_RUN) ? 'unreachable' : 'broken';
    return { kind, reason: `the relay gave no answer: ${messageOf(error)}` };
  }
}
