"""Gap cloudformation.metric_math."""

PLAIN = {"Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60}
MATH = {"Metrics": [{"Id": "all", "Expression": "SUM(METRICS())"}]}
SET = {"AlarmName": "loud", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1, "EvaluationPeriods": 1}
OUTPUTS = {"Name": {"Ref": "Alarm"}, "Arn": {"Fn::GetAtt": ["Alarm", "Arn"]}}


def test_an_alarm_may_become_one_on_several_metrics_and_one_on_a_metric_again(aws):
    def template(metric):
        return {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {**SET, **metric}}}

    stack, first = aws.deploy(template(MATH), outputs=OUTPUTS)
    assert first["Name"] == "loud"
    assert first["Arn"].endswith(":alarm:loud")
    for metric in ({**MATH, "AlarmDescription": "changed"}, PLAIN, {**PLAIN, "Period": 300}, MATH):
        _, after = aws.deploy(template(metric), stack, outputs=OUTPUTS)
        assert after == first
    aws.remove(stack)
