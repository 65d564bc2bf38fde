/** The registry as a handler gets it: the table named by the environment. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { requiredEnv } from '../lambda/environment.ts';
import type { RegistryTable } from './registry.ts';

export function connectRegistry(config: DynamoDBClientConfig = {}): RegistryTable {
  return {
    client: DynamoDBDocumentClient.from(new DynamoDBClient(config), {
      marshallOptions: { removeUndefinedValues: true },
    }),
    table: requiredEnv('REGISTRY_TABLE'),
  };
}
