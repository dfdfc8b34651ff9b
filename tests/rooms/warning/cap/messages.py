"""Messages for tests, made here: one that holds every element, and ways to change it."""

from __future__ import annotations

from datetime import timedelta, timezone

CHINA = timezone(timedelta(hours=8))
NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
WHOLE = f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="{NAMESPACE}">
  <identifier>50023141600000_20240710221500_0</identifier>
  <sender>50023141600000</sender>
  <sent>2024-07-10T22:15:00+08:00</sent>
  <status>Actual</status>
  <msgType>Update</msgType>
  <source>垫江县气象台</source>
  <scope>Private</scope>
  <restriction>内部</restriction>
  <addresses>a@example.cn "县 值班室"</addresses>
  <code>x</code>
  <note>说明</note>
  <references>50023141600000,50023141600000_20240710201500_0,2024-07-10T20:15:00+08:00</references>
  <incidents>I1 "I 2"</incidents>
  <info>
    <language>zh-CN</language>
    <category>Met</category>
    <event>暴雨</event>
    <responseType>Prepare</responseType>
    <urgency>Expected</urgency>
    <severity>Severe</severity>
    <certainty>Likely</certainty>
    <audience>公众</audience>
    <eventCode><valueName>v</valueName><value>1</value></eventCode>
    <effective>2024-07-10T22:15:00+08:00</effective>
    <onset>2024-07-10T22:15:00+08:00</onset>
    <expires>2024-07-11T01:15:00+08:00</expires>
    <senderName>垫江县气象台</senderName>
    <headline>暴雨橙色预警信号</headline>
    <description>未来3小时</description>
    <instruction>注意防范</instruction>
    <web>https://example.cn/a</web>
    <contact>74512345</contact>
    <parameter><valueName>p</valueName><value></value></parameter>
    <resource><resourceDesc>图</resourceDesc><mimeType>image/png</mimeType><size>12</size><uri>a.png</uri><derefUri>aGk=</derefUri><digest>{"0" * 40}</digest></resource>
    <area>
      <areaDesc>澄溪镇</areaDesc>
      <polygon>30.2,107.3 30.3,107.3 30.3,107.4 30.2,107.3</polygon>
      <circle>30.2,107.3 5</circle>
      <geocode><valueName>g</valueName><value>500231109</value></geocode>
      <altitude>100</altitude>
      <ceiling>200.5</ceiling>
    </area>
  </info>
</alert>
"""  # fmt: skip


def changed(*pairs: tuple[str, str], text: str = WHOLE) -> bytes:
    """The message with each first occurrence replaced; what is not there is an error of the test."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


def alert(
    identifier: str = "50023141600000_20240710221500_0", *, sender: str = "50023141600000",
    sent: str = "2024-07-10T22:15:00+08:00", status: str = "Actual", kind: str = "Alert",
    references: str = "", event: str = "暴雨", severity: str = "Severe", expires: str = "",
    headline: str = "垫江县气象台发布暴雨橙色预警信号", description: str = "", area: str =
    "<areaDesc>澄溪镇</areaDesc><geocode><valueName>CN</valueName><value>500231109</value></geocode>",
) -> bytes:  # fmt: skip
    """A message of the bureau; area: the inside of its one area."""
    refers = f"<references>{references}</references>" if references else ""
    ends = f"<expires>{expires}</expires>" if expires else ""
    said = f"<description>{description}</description>" if description else ""
    return (
        f'<alert xmlns="{NAMESPACE}"><identifier>{identifier}</identifier>'
        f"<sender>{sender}</sender><sent>{sent}</sent><status>{status}</status>"
        f"<msgType>{kind}</msgType><scope>Public</scope>{refers}<info><language>zh-CN</language>"
        f"<category>Met</category><event>{event}</event><urgency>Expected</urgency>"
        f"<severity>{severity}</severity><certainty>Likely</certainty>{ends}"
        f"<senderName>垫江县气象台</senderName><headline>{headline}</headline>{said}"
        f"<area>{area}</area></info></alert>"
    ).encode()
